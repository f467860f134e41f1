"""What is said of the arguments of public calls."""

TEXTS = {
    "arguments.number": (
        "{name} was {value}: it must be a finite number{limits}.",
        "{name} 为 {value}：它必须是有限数{limits}。",
    ),
    "arguments.whole": (
        "{name} was {value}: it must be a whole number{limits}.",
        "{name} 为 {value}：它必须是整数{limits}。",
    ),
    "arguments.limits_1": (" {first}", "，{first}"),
    "arguments.limits_2": (" {first} and {second}", "，{first}且{second}"),
    "arguments.at_least": ("of at least {limit}", "不小于 {limit}"),
    "arguments.above": ("above {limit}", "大于 {limit}"),
    "arguments.at_most": ("at most {limit}", "不大于 {limit}"),
    "arguments.below": ("below {limit}", "小于 {limit}"),
    "arguments.whole_from": (", {least} or above", "，不小于 {least}"),
    "arguments.truth": (
        "{name} was {value}: it must be True or False.",
        "{name} 为 {value}：它必须是 True 或 False。",
    ),
    "arguments.one_of": (
        "{name} was {value}: use one of {known}.",
        "{name} 为 {value}：请从 {known} 中选择。",
    ),
    "arguments.kind": (
        "{name} was of type {found}: a {wanted} is needed.",
        "{name} 的类型为 {found}：这里需要 {wanted}。",
    ),
    "arguments.path": (
        "{name} was {value}: it must be the name of a file or a folder.",
        "{name} 为 {value}：它必须是文件名或文件夹名。",
    ),
    "arguments.names": (
        "{name} was {value}: it must be a list of names, such as ['a', 'b'].",
        "{name} 为 {value}：它必须是名字的列表，例如 ['a', 'b']。",
    ),
    "arguments.listed": (
        "{name} was {value}: it must be a list of numbers or of texts.",
        "{name} 为 {value}：它必须是数或文本的列表。",
    ),
    "arguments.too_large": (
        "{call} was given a number that is too large: float64 ends at {largest:g}.",
        "传给 {call} 的数太大：float64 最大为 {largest:g}。",
    ),
    "arguments.derivative": (
        "{name} was {value}: it must be a formula or a function, or one for each variable.",
        "{name} 为 {value}：它必须是公式或函数，或为每个变量各给一个。",
    ),
    "arguments.numbers_by_name": (
        "{name} was {value}: it must give each name a finite number, such as {{'x': 1.0}}.",
        "{name} 为 {value}：它必须为每个名字给出一个有限数，例如 {{'x': 1.0}}。",
    ),
    "arguments.array": (
        "{name} was {value}: it must be numbers in {dimensions} dimensions, such as a list or an array.",
        "{name} 为 {value}：它必须是 {dimensions} 维的数，例如列表或数组。",
    ),
    "arguments.called": (
        "{name} was {value}: it must be a function.",
        "{name} 为 {value}：它必须是函数。",
    ),
    "arguments.system": (
        "{call} could not go on: {reason}.",
        "{call} 无法继续：{reason}。",
    ),
    "arguments.unforeseen": (
        "{call} could not go on: {kind}: {reason} ({where}). This is a fault of Downslope: please report it with this line.",
        "{call} 无法继续：{kind}：{reason}（{where}）。这是 Downslope 的缺陷：请附上这一行报告。",
    ),
}
