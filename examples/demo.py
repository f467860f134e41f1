"""What `make demo` runs: body mass of penguins, from a CSV file to a trained, drawn and saved answer.

Every command is shown before it runs; you can type it yourself.
"""

import shlex
import subprocess
import sys
from pathlib import Path

import downslope as ds

HERE = Path(__file__).parent
DEMO = HERE.parent / "demo"


def run(command: str) -> None:
    """Show a command, then run it with this interpreter's Downslope."""
    print(f"\n$ {command}", flush=True)
    words = shlex.split(command)
    words[:1] = [sys.executable, "-m", "downslope"]
    subprocess.run(words, check=True, cwd=HERE.parent)


def main() -> None:
    DEMO.mkdir(exist_ok=True)
    run('downslope minimize "2*x^2" --start x=500 --plot demo/parabola.gif --force')
    run("downslope compare examples/penguins.csv --target body_mass_g --methods closed_form,gd,nesterov,sgd")
    run(
        "downslope fit examples/penguins.csv --target body_mass_g --method nesterov "
        "--plot demo/penguins.png --out demo/penguins.run --force"
    )
    run("downslope predict demo/penguins.run examples/penguins.csv --out demo/predictions.csv --force")

    solution = ds.load(DEMO / "penguins.run")
    steps = solution.trace.steps
    shown = [
        steps[round(k)] for k in (0, len(steps) * 0.02, len(steps) * 0.1, len(steps) * 0.5, len(steps) - 1)
    ]
    print("\nThe loss fell: " + " → ".join(f"{step.loss:,.0f} (epoch {step.epoch + 1})" for step in shown))
    print("\nThe answer, in the data's units:")
    for name, weight in zip(solution.names, solution.params):
        print(f"  {name:24} {weight:12.4f}")
    print(f"\nVerdict: {solution.verdict}")
    print("Run:     demo/penguins.run (predictions: demo/predictions.csv)")
    print("Picture: demo/penguins.png (and demo/parabola.gif)")


if __name__ == "__main__":
    main()
