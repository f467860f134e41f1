"""What model/ says about the functions that people type or hand over."""

TEXTS: dict[str, tuple[str, str]] = {
    # ── reading a formula ───────────────────────────────────────────────────────────────────────
    "functions.empty": (
        "the formula is empty: write one such as x^2 + y^2.",
        "公式是空的：请写一个，例如 x^2 + y^2。",
    ),
    "functions.too_long": (
        "the formula has {length} characters and at most {longest} are read: give it as a Python function instead.",
        "公式有 {length} 个字符，最多只读 {longest} 个：请改为传入 Python 函数。",
    ),
    "functions.too_deep": (
        "the formula is nested more than {deepest} levels deep: use fewer parentheses, or give it as a Python function.",
        "公式的嵌套超过 {deepest} 层：请减少括号，或改为传入 Python 函数。",
    ),
    "functions.syntax": (
        'syntax error at column {column}, near "{fragment}": something is missing or out of place there. '
        "A formula looks like 2*x^2 - sin(x).",
        "第 {column} 列“{fragment}”附近有语法错误：缺了什么，或放错了位置。公式的写法如 2*x^2 - sin(x)。",
    ),
    "functions.implicit_product": (
        '"{fragment}" at column {column}: a multiplication sign is missing. Write {product}.',
        "第 {column} 列的“{fragment}”缺少乘号：请写成 {product}。",
    ),
    "functions.run_together": (
        "{name} at column {column} would be a variable of its own: write {product}, or give the variable another name.",
        "第 {column} 列的 {name} 会被当作一个变量：请写成 {product}，或给变量换一个名字。",
    ),
    "functions.no_parentheses": (
        "{name} at column {column} is a function and has no argument: write {name}(x).",
        "第 {column} 列的 {name} 是函数，却没有自变量：请写成 {name}(x)。",
    ),
    "functions.equation": (
        '"{fragment}" at column {column}: an equation is not a function. Write its right-hand side only, 2*x^2 for y = 2*x^2.',
        "第 {column} 列有“{fragment}”：等式不是函数。请只写等号右边，例如 y = 2*x^2 写成 2*x^2。",
    ),
    "functions.refused": (
        '"{fragment}" at column {column} cannot stand in a formula: only numbers, names, + - * / ^, parentheses and functions can.',
        "第 {column} 列的“{fragment}”不能出现在公式里：只能用数字、变量名、+ - * / ^、括号和函数。",
    ),
    "functions.unknown_function": (
        "{name} at column {column} is not a known function; for a product write {name}*(…). Known: {known}.",
        "第 {column} 列的 {name} 不是已知的函数；若要相乘请写 {name}*(…)。可用的函数：{known}。",
    ),
    "functions.unknown_name": (
        "the name {name} at column {column} is not known here. Known: {variables}, the constants pi and e, and functions such as sin.",
        "第 {column} 列的名字 {name} 在这里没有定义。可用的有：{variables}、常数 pi 和 e，以及 sin 等函数。",
    ),
    "functions.reserved_word": (
        "{name} at column {column} is a reserved word of Python and cannot be a variable: use another name, such as x.",
        "第 {column} 列的 {name} 是 Python 的保留字，不能当变量名：请换一个名字，例如 x。",
    ),
    "functions.arguments": (
        "{name} is given {found} arguments: write {asked}.",
        "给了 {name} {found} 个自变量：应写成 {asked}。",
    ),
    "functions.power_tower": (
        "{fragment} is a tower of powers, which grows beyond all bounds: write the exponent as a number of at most {largest}, or use exp.",
        "{fragment} 是幂的幂，增长没有止境：请把指数写成不超过 {largest} 的数，或改用 exp。",
    ),
    "functions.exponent": (
        "the exponent in {fragment} is too large: at most {largest} is allowed, with either sign.",
        "{fragment} 的指数太大：绝对值最多为 {largest}。",
    ),
    "functions.number_too_large": (
        "{fragment} makes a number beyond {largest}, or one of thousands of digits: use smaller or shorter numbers.",
        "{fragment} 中的数超过了 {largest}，或有几千位数字：请用小一些、短一些的数。",
    ),
    "functions.not_real": (
        "{fragment} is not a real number: there is a division by zero in it, or a root or logarithm of a negative number.",
        "{fragment} 不是实数：其中除以了零，或对负数开了方、取了对数。",
    ),
    "functions.no_variable": (
        "{text} has no variable, so there is nothing to descend along: write one such as x^2.",
        "{text} 里没有变量，无从下降：请写一个带变量的公式，例如 x^2。",
    ),
    # ── a function and its derivative ───────────────────────────────────────────────────────────
    "functions.not_a_function": (
        'cannot minimise a {found}: give a formula such as "x^2 + y^2", or a Python function that returns a number.',
        '无法对 {found} 求最小值：请给出公式（例如 "x^2 + y^2"），或返回一个数的 Python 函数。',
    ),
    "functions.call_shape": (
        "{name} takes {takes} arguments and the start has {size} numbers: let it take {size} numbers, or one vector.",
        "{name} 有 {takes} 个参数，而起点有 {size} 个数：请让它接受 {size} 个数，或一个向量。",
    ),
    "functions.not_scalar": (
        "{name} returned {found} and one number is needed: sum or average it first.",
        "{name} 返回了 {found}，而这里需要一个数：请先求和或取平均。",
    ),
    "functions.derivative_kind": (
        "derivative is a {found} of something else than functions: give one function of x, or a list of them, one for each variable.",
        "derivative 是 {found}，其中不都是函数：请给出一个关于 x 的函数，或函数的列表，每个变量一个。",
    ),
    "functions.derivative_count": (
        "there are {size} variables ({names}) and {found} derivatives: give one for each variable, in this order.",
        "有 {size} 个变量（{names}），却给了 {found} 个导数：请按此顺序为每个变量各给一个。",
    ),
    "functions.derivative_differs": (
        "the derivative given, {given}, is not the derivative of {formula}, which is {right}; the descent follows the one given.",
        "给出的导数 {given} 不是 {formula} 的导数，正确的是 {right}；下降仍按给出的导数进行。",
    ),
    "functions.derivative_differs_there": (
        "the derivative given for {formula} does not fit its values at {place}: it says {given}, differences say {right}; "
        "the descent follows the one given.",
        "给 {formula} 的导数与函数值在 {place} 处不符：给出的是 {given}，差分得到 {right}；下降仍按给出的导数进行。",
    ),
    "functions.finite_differences": (
        "no derivative of {formula} was given and PyTorch could not find one, so finite differences stand in: {calls} calls of the "
        "function for each gradient, correct to about 10 digits of 16. Give derivative=, or write {formula} with torch functions.",
        "没有给出 {formula} 的导数，PyTorch 也求不出，因此改用有限差分：每个梯度要调用函数 {calls} 次，16 位数字中约有 10 位准确。"
        "请给出 derivative=，或用 torch 的函数来写 {formula}。",
    ),
    # ── where a descent starts ──────────────────────────────────────────────────────────────────
    "functions.start_missing": (
        "{missing} has no start: give one, such as {example}.",
        "{missing} 没有起点：请给出，例如 {example}。",
    ),
    "functions.start_unknown": (
        "a start is given for {name}, which {formula} does not have; its variables: {known}.",
        "给了 {name} 的起点，但 {formula} 里没有这个变量；它的变量有：{known}。",
    ),
    "functions.start_length": (
        "the start has {found} numbers and {formula} has {size} variables: give {size}, in the order {names}.",
        "起点有 {found} 个数，而 {formula} 有 {size} 个变量：请按 {names} 的顺序给出 {size} 个数。",
    ),
    "functions.start_not_a_number": (
        "the start {found} is not a number or a row of numbers: give one such as {example}.",
        "起点 {found} 不是数，也不是一列数：请给出数，例如 {example}。",
    ),
    "functions.start_not_finite": (
        "the start {name} = {found} is not finite: give a finite number.",
        "起点 {name} = {found} 不是有限的数：请给出有限的数。",
    ),
    "functions.no_start": (
        "{formula} has no finite value and gradient at any start that was drawn: give one with --start.",
        "{formula} 在随机选取的所有起点处都没有有限的值和梯度：请用 --start 给出起点。",
    ),
    "functions.outside_domain": (
        "{formula} is {value} at the start {place}, and its gradient is {gradient}: start where both are finite real numbers.",
        "{formula} 在起点 {place} 的值是 {value}，梯度是 {gradient}：请从两者都是有限实数的地方开始。",
    ),
}
