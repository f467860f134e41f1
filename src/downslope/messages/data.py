"""What data/ says."""

TEXTS: dict[str, tuple[str, str]] = {
    "data.part_of_column": (
        "{feature} is one of several features of a column: leave the whole column out, or keep it",
        "{feature} 只是某一列的多个特征之一：请去掉整列，或保留整列",
    ),
    # reading
    "data.no_such_file": (
        "{path}: no such file. Give the path of a CSV, Parquet or JSON file, a glob, or a SQL query.",
        "{path}：找不到这个文件。请给出 CSV、Parquet 或 JSON 文件的路径、通配符，或一条 SQL 查询。",
    ),
    "data.no_match": (
        "{pattern}: no file matches this pattern. Check the folder and the ending.",
        "{pattern}：没有文件与这个通配符匹配。请检查文件夹和扩展名。",
    ),
    "data.directory": (
        "{path} is a folder, not a file. To read all tables in it, give a glob such as {path}/*.csv.",
        "{path} 是文件夹，不是文件。要读取其中所有的表，请用通配符，例如 {path}/*.csv。",
    ),
    "data.empty_file": (
        "{path} is empty. A table needs a line of column names and at least one row.",
        "{path} 是空文件。一张表需要一行列名和至少一行数据。",
    ),
    "data.no_rows": (
        "{source} has column names but no rows, or no columns at all. Give a table with at least one row.",
        "{source} 没有数据行，或者连列也没有。请给出至少有一行数据的表。",
    ),
    "data.binary_file": (
        "{path} is not text, whatever its name says. Save it as CSV (UTF-8), Parquet (.parquet) or JSON (.json).",
        "{path} 的内容不是文本，与扩展名不符。请另存为 CSV（UTF-8）、Parquet（.parquet）或 JSON（.json）。",
    ),
    "data.ragged": (
        "{path}, line {line}: the number of cells is {found}, and {expected} in the first line. Put quotes around a cell that holds a delimiter, or complete the line.",
        "{path} 第 {line} 行有 {found} 个单元格，而首行有 {expected} 个。含有分隔符的单元格请加引号，或把这一行补全。",
    ),
    "data.quotes": (
        "{path}, line {line}: the quotes in the row that begins here do not match. Close them, and double a quote that stands inside a quoted cell.",
        "{path} 第 {line} 行：从这里开始的一行引号不配对。请补全引号；引号内的引号要写两个。",
    ),
    "data.repeated_name": (
        "{source}: the column name '{column}' is used more than once. Rename one of the columns.",
        "{source}：列名「{column}」出现了不止一次。请给其中一列改名。",
    ),
    "data.files_differ": (
        "{path} and {first} do not have the same columns: '{column}' is in one of them only. Files read together need the same columns.",
        "{path} 与 {first} 的列不一致：「{column}」只在其中一个文件里。一起读取的文件必须有相同的列。",
    ),
    "data.cannot_read": (
        "{source} cannot be read as a table: {reason}",
        "{source} 无法作为表读取：{reason}",
    ),
    "data.sql": (
        "The SQL query fails ({reason}). Name files in quotes, such as FROM 'houses.csv'.",
        "SQL 查询出错（{reason}）。查询中的文件名要加引号，例如 FROM 'houses.csv'。",
    ),
    "data.sql_not_select": (
        "A SQL query may be one SELECT statement that reads tables, and nothing that writes, installs or sets; this one holds {found}.",
        "SQL 查询只能是一条读取表的 SELECT 语句，不能写入、安装或设置；这里包含 {found}。",
    ),
    "data.sql_function": (
        "The SQL query calls {name}, which does more than read a table. Read files with read_csv, read_parquet or read_json.",
        "SQL 查询调用了 {name}，它不只是读取表。请用 read_csv、read_parquet 或 read_json 读取文件。",
    ),
    "data.not_a_source": (
        "A {found} is not a table. Give a path, a glob, a SQL query, a DataFrame, a pyarrow Table or a dict of columns; for arrays use Dataset.from_arrays.",
        "{found} 不是表。请给出路径、通配符、SQL 查询、DataFrame、pyarrow Table 或由列组成的字典；数组请用 Dataset.from_arrays。",
    ),
    # kinds of files
    "data.no_file": (
        "{path} is a device, not a file. Give a file, or - for rows that come through a pipe.",
        "{path} 是设备，不是文件。请给出文件；从管道读取请写 -。",
    ),
    "data.no_input": (
        "{path} stands for rows that come through a pipe, and there is none: cat rows.csv | downslope fit - …",
        "{path} 表示从管道读取，但没有管道输入：cat rows.csv | downslope fit - …",
    ),
    "data.no_writer": (
        "Nothing was written to the pipe {path} within {seconds} s. Start what writes to it first, or give a file.",
        "{seconds} 秒内没有程序向管道 {path} 写入。请先启动写入程序，或给出文件。",
    ),
    "data.address": (
        "{address} is not read over the network. Download the file first (curl -O, aws s3 cp), and give its path.",
        "{address} 不会通过网络读取。请先下载该文件（curl -O、aws s3 cp），再给出路径。",
    ),
    "data.excel": (
        "{path} is an Excel workbook, which openpyxl reads: pip install 'downslope[excel]', or save the sheet as CSV (UTF-8).",
        "{path} 是 Excel 工作簿，需要 openpyxl：pip install 'downslope[excel]'，或把工作表另存为 CSV（UTF-8）。",
    ),
    "data.several_tables": (
        "{path} holds several tables: {names}. Say which, such as {example}",
        "{path} 中有多张表：{names}。请指定其一，例如 {example}",
    ),
    "data.without_tables": (
        "{path} holds no table{names}. Give a file with one, such as a CSV file.",
        "{path} 中没有表{names}。请给出含有表的文件，例如 CSV 文件。",
    ),
    "data.no_such_table": (
        "{path} holds no table '{table}'. It holds: {names}.",
        "{path} 中没有表「{table}」。现有：{names}。",
    ),
    "data.no_tables": (
        "{path} is a table itself, and holds no '{table}'. Give {path} alone.",
        "{path} 本身就是一张表，其中没有「{table}」。请只写 {path}。",
    ),
    "data.note_sheet": (
        "The sheet '{sheet}' of {path} was read; it holds {names}. For another give {name}::SHEET",
        "读取了 {path} 的工作表「{sheet}」，其中有 {names}。要读取其他工作表，请写 {name}::工作表名",
    ),
    "data.archive": (
        "{path} is an archive of files ({names}). Unpack it (tar -xf), and give the table in it.",
        "{path} 是文件归档（{names}）。请先解包（tar -xf），再给出其中的表。",
    ),
    "data.kind_save_as": (
        "{path} is a file of the kind {kind}, which is not read. Save the table as CSV (UTF-8), .xlsx or Parquet.",
        "{path} 是 {kind} 文件，无法读取。请把表另存为 CSV（UTF-8）、.xlsx 或 Parquet。",
    ),
    "data.kind_picture": (
        "{path} is a {kind} picture, not a table. Give the table that it was drawn from.",
        "{path} 是 {kind} 图片，不是表。请给出绘图所用的表。",
    ),
    "data.kind_arrays": (
        "{path} holds arrays ({kind}), which have no column names. Load them and use Dataset.from_arrays(X, y).",
        "{path} 存放的是数组（{kind}），没有列名。请载入后使用 Dataset.from_arrays(X, y)。",
    ),
    "data.kind_read_hdf": (
        "{path} is a file of the kind {kind}, which is not read. Read it with pandas.read_hdf and give the DataFrame, or save it as Parquet.",
        "{path} 是 {kind} 文件，无法读取。请用 pandas.read_hdf 读取并传入 DataFrame，或另存为 Parquet。",
    ),
    "data.kind_read_spss": (
        "{path} is a file of the kind {kind}, which is not read. Read it with pandas.read_spss and give the DataFrame, or save it as CSV.",
        "{path} 是 {kind} 文件，无法读取。请用 pandas.read_spss 读取并传入 DataFrame，或另存为 CSV。",
    ),
    "data.kind_read_sas": (
        "{path} is a file of the kind {kind}, which is not read. Read it with pandas.read_sas and give the DataFrame, or save it as CSV.",
        "{path} 是 {kind} 文件，无法读取。请用 pandas.read_sas 读取并传入 DataFrame，或另存为 CSV。",
    ),
    "data.kind_pickle": (
        "{path} is a {kind}, which is code that would run when it is opened. Load it yourself and give the DataFrame, or save it as Parquet.",
        "{path} 是 {kind} 文件，打开它会执行其中的代码。请自行载入并传入 DataFrame，或另存为 Parquet。",
    ),
    "data.kind_page": (
        "{path} is a web page or XML, not a table. Download the table itself (the raw file), or save it as CSV.",
        "{path} 是网页或 XML，不是表。请下载表文件本身（raw 文件），或另存为 CSV。",
    ),
    # texts: encodings and layouts
    "data.unknown_encoding": (
        "The encoding {asked!r} is not known. Known are {known} and all others of Python's codecs.",
        "编码 {asked!r} 无法识别。可用 {known}，以及 Python 支持的其他编码。",
    ),
    "data.note_encoding": (
        "{path} is not UTF-8 and was read as {encoding}. If letters look wrong, give the encoding (encoding=, --encoding).",
        "{path} 不是 UTF-8，按 {encoding} 读取。如有乱码，请指定编码（encoding=，--encoding）。",
    ),
    "data.note_encoding_tie": (
        "{path} is not UTF-8 and was read as {encoding}; its bytes are as sensible in {ties}. If letters look wrong, give the encoding (encoding=, --encoding).",
        "{path} 不是 UTF-8，按 {encoding} 读取；按 {ties} 读取也同样说得通。如有乱码，请指定编码（encoding=，--encoding）。",
    ),
    "data.note_damaged": (
        "{path} holds {count} damaged characters, which are no {encoding}; each stands as \ufffd.",
        "{path} 中有 {count} 个损坏的字符，不是有效的 {encoding}，均以 \ufffd 代替。",
    ),
    "data.note_preamble": (
        "{count} lines before the column names are not rows and were left out, the first of them: {example}",
        "列名之前的 {count} 行不是数据，已略去，其中第一行：{example}",
    ),
    "data.note_footer": (
        "{count} lines after the last row are not rows and were left out: {example}",
        "最后一行数据之后的 {count} 行不是数据，已略去：{example}",
    ),
    "data.note_first_row": (
        "The first row looks like data ({names}), and was taken as column names. If it is a row, give header=False (--no-header).",
        "首行看起来是数据（{names}），但被当作列名。如果它是一行数据，请设 header=False（--no-header）。",
    ),
    "data.note_names_are_numbers": (
        "The first row ({names}) was taken as column names, as its numbers are in order. If it is a row, give header=False (--no-header).",
        "首行（{names}）的数字按顺序排列，因此被当作列名。如果它是一行数据，请设 header=False（--no-header）。",
    ),
    "data.note_no_header": (
        "The first row holds numbers only ({names}) and was taken as a row; columns are called column0, column1, … If it holds the names, give header=True (--header).",
        "首行全是数字（{names}），因此被当作一行数据；各列名为 column0、column1……如果它是列名，请设 header=True（--header）。",
    ),
    "data.note_row_names": (
        "The first line has one name fewer than there are cells, as R writes tables: the first column holds the rows' names and is called '{column}'.",
        "首行比其余各行少一个单元格（R 的写法）：第一列是行名，列名定为「{column}」。",
    ),
    "data.note_name_again": (
        "The column name '{column}' is used more than once: the later column is called '{name}'.",
        "列名「{column}」出现了不止一次：后一列改名为「{name}」。",
    ),
    # rows too many to hold
    "data.memory": (
        'The memory {asked!r} is no amount of memory: give it as "2GB", "512MB" or a number of bytes.',
        '内存 {asked!r} 不是一个容量：请写成 "2GB"、"512MB" 或字节数。',
    ),
    "data.memory_too_small": (
        "The memory {asked} is too little to read rows with: at least {least} is needed.",
        "内存 {asked} 太小，无法读取数据行：至少需要 {least}。",
    ),
    "data.memory_for_part": (
        "A part of {rows} rows × {columns} columns takes {needed} to work on, and the memory allowed is {memory}: allow more, or name fewer features.",
        "一段 {rows} 行 × {columns} 列的数据处理时需要 {needed}，而允许的内存是 {memory}：请放宽限制，或减少特征。",
    ),
    "data.memory_of_reader": (
        "{source} can not be unpacked within the memory allowed. Allow more (memory=, --memory), or write Parquet files with smaller row groups.",
        "在允许的内存内无法解开 {source}。请放宽限制（memory=、--memory），或用更小的行组写 Parquet 文件。",
    ),
    "data.kinds_of_files": (
        "The files of {pattern} are of several kinds ({kinds}). Files read together need to be of one.",
        "{pattern} 匹配到的文件类型不一（{kinds}）。一起读取的文件必须是同一种类型。",
    ),
    "data.types_differ": (
        "The column '{column}' holds {found} in {path}, and {expected} in {first}. Files read together need the same types.",
        "列「{column}」在 {path} 里是 {found}，在 {first} 里是 {expected}。一起读取的文件必须类型一致。",
    ),
    "data.text_in_numbers": (
        "{source}, row {row}: '{value}' stands in the column '{column}', which holds numbers. Correct it, or leave such rows out and have them counted (on_bad_row=\"skip\", --on-bad-row skip).",
        '{source} 第 {row} 行：数值列「{column}」里出现了「{value}」。请改正，或跳过这样的行并计数（on_bad_row="skip"，--on-bad-row skip）。',
    ),
    "data.hole": (
        "Row {row} has no value in the column '{column}'. Fill it in, or leave such rows out and have them counted (on_bad_row=\"skip\", --on-bad-row skip); without on_bad_row a feature's hole is filled with the mean.",
        '第 {row} 行的列「{column}」没有值。请补上，或跳过这样的行并计数（on_bad_row="skip"，--on-bad-row skip）；不设 on_bad_row 时，特征的空缺以均值填补。',
    ),
    "data.on_bad_row": (
        'on_bad_row={asked!r} is not known: "skip" leaves rows at fault out and counts them, "fail" refuses the first of them.',
        'on_bad_row={asked!r} 无法识别："skip" 跳过有问题的行并计数，"fail" 遇到第一行就报错。',
    ),
    "data.part_rows": (
        "A part of {asked!r} rows can not be: give a whole number of at least 1.",
        "每段 {asked!r} 行不成立：请给出不小于 1 的整数。",
    ),
    "data.stream_wide": (
        "The columns become {columns} numbers a row, and rows that are streamed may have {most}: name fewer features, or leave out text with many categories.",
        "各列编码后每行有 {columns} 个数，而流式读取最多 {most} 个：请减少特征，或去掉类别过多的文本列。",
    ),
    "data.source_gone": (
        "{path} is gone since its rows were first read. Put it back, and begin again.",
        "{path} 在首次读取之后不见了。请放回原处，再重新开始。",
    ),
    "data.source_changed": (
        "{path} has changed since its rows were first read, so that they are no longer the same rows. Begin again.",
        "{path} 在首次读取之后被改动，数据行已不相同。请重新开始。",
    ),
    "data.cache_damaged": (
        "{path}, which holds rows that were read, can not be read back ({reason}). Remove it and begin again.",
        "保存已读数据行的 {path} 无法读回（{reason}）。请删除它再重新开始。",
    ),
    "data.cache_made_anew": (
        "{path} in DOWNSLOPE_CACHE is damaged: its checksum does not match. It is written again from the source.",
        "DOWNSLOPE_CACHE 中的 {path} 已损坏：校验和不一致。将从来源重新写入。",
    ),
    "data.cache_folder": (
        "The folder {path} of DOWNSLOPE_CACHE can not be made ({reason}). Name another, or leave it unset.",
        "DOWNSLOPE_CACHE 指定的文件夹 {path} 无法创建（{reason}）。请换一个，或不设置它。",
    ),
    "data.cache_full": (
        "Rows can not be kept on the disk ({reason}): they are read from the source at every pass, which takes longer and changes nothing else.",
        "数据行无法保存到磁盘（{reason}）：每一遍都从来源重新读取，只是更慢，其他不变。",
    ),
    "data.note_skipped": (
        "{count} rows of {source} could not be read and were left out.",
        "{source} 中有 {count} 行无法读取，已跳过。",
    ),
    "data.note_holes": (
        "{count} of {rows} rows have a hole and were left out.",
        "{rows} 行中有 {count} 行存在空缺，已跳过。",
    ),
    # the columns asked for
    "data.no_such_column": (
        "{source} has no column '{column}'. It has: {names}.",
        "{source} 里没有「{column}」这一列。现有的列：{names}。",
    ),
    "data.lacks_column": (
        "{source} lacks the column '{column}' that the model was trained on. It has: {names}.",
        "{source} 缺少训练时用到的列「{column}」。现有的列：{names}。",
    ),
    "data.feature_is_target": (
        "The column '{column}' is asked for both as target and as feature. Leave it out of the features.",
        "「{column}」既被当作目标列又被当作特征列。请把它从特征中去掉。",
    ),
    "data.named_twice": (
        "The column '{column}' is asked for twice. Name each column once, as a feature, a target or the weights.",
        "「{column}」被指定了两次。每一列只能指定一次：作为特征、目标或权重。",
    ),
    "data.no_features": (
        "{source} has no column left to learn from. Name at least one feature with numbers, categories or dates.",
        "{source} 里没有可用于学习的列。请至少指定一个数值、类别或日期特征。",
    ),
    "data.no_features_left": (
        "{source} has no column left to learn from: {notes}. Name at least one feature with numbers, categories or dates (features=, --features).",
        "{source} 里没有可用于学习的列：{notes}。请至少指定一个数值、类别或日期特征（features=、--features）。",
    ),
    "data.too_few_rows": (
        "{source} has {rows} row with a known target; a fit needs at least 2.",
        "{source} 里目标值已知的只有 {rows} 行；拟合至少需要 2 行。",
    ),
    # the target
    "data.target_missing": (
        "The target '{column}' has no values at all. Choose another column.",
        "目标列「{column}」没有任何值。请换一列。",
    ),
    "data.target_constant": (
        "The target '{column}' is {value} in every row: there is nothing to learn. Choose another column.",
        "目标列「{column}」每一行都是 {value}，没有什么可学的。请换一列。",
    ),
    "data.one_class": (
        "The target '{column}' has one class only ({value}): there is nothing to tell apart.",
        "目标列「{column}」只有一个类别（{value}）：没有可以区分的对象。",
    ),
    "data.too_many_classes": (
        "The target '{column}' has {count} different values in {rows} rows: those are numbers, not classes. Use loss=\"squared\".",
        '目标列「{column}」在 {rows} 行里有 {count} 个不同的值：这是数值而不是类别。请用 loss="squared"。',
    ),
    "data.unknown_class": (
        "The target '{column}' has the class {value!r}, which training never saw; it knows {known}.",
        "目标列「{column}」出现了训练时没有见过的类别 {value!r}；已知的类别有 {known}。",
    ),
    "data.classes_of_several": (
        "The targets {targets} hold classes, and classes are learned for one target at a time: name one.",
        "目标列 {targets} 是类别，而类别一次只能学习一个目标：请只指定一列。",
    ),
    "data.target_date": (
        "The target '{column}' is a date, and a regression predicts numbers. Turn it into a number first, such as days since a day of your choice.",
        "目标列「{column}」是日期，而回归预测的是数值。请先把它换算成数值，例如距某一天的天数。",
    ),
    # how cells of text are read
    "data.note_strays_numeric": (
        "column '{column}': {count} of {known} values are not numbers (such as '{value}' in row {row}) and are treated as missing",
        "列「{column}」：{known} 个值中有 {count} 个不是数值（例如第 {row} 行的「{value}」），按缺失处理",
    ),
    "data.note_strays_date": (
        "column '{column}': {count} of {known} values are not dates (such as '{value}' in row {row}) and are treated as missing",
        "列「{column}」：{known} 个值中有 {count} 个不是日期（例如第 {row} 行的「{value}」），按缺失处理",
    ),
    "data.note_strays_time": (
        "column '{column}': {count} of {known} values are not times of day (such as '{value}' in row {row}) and are treated as missing",
        "列「{column}」：{known} 个值中有 {count} 个不是时刻（例如第 {row} 行的「{value}」），按缺失处理",
    ),
    "data.note_strays_boolean": (
        "column '{column}': {count} of {known} values are neither true nor false (such as '{value}' in row {row}) and are treated as missing",
        "列「{column}」：{known} 个值中有 {count} 个既不是 true 也不是 false（例如第 {row} 行的「{value}」），按缺失处理",
    ),
    "data.note_mixed": (
        "column '{column}' is read as text: {count} of its {known} values are not numbers (such as '{value}' in row {row}), and at most 1 in 10 may be",
        "列「{column}」按文本读取：{known} 个值中有 {count} 个不是数值（例如第 {row} 行的「{value}」），而这样的值最多只能占十分之一",
    ),
    "data.note_read_as": (
        "column '{column}': '{example}' is read as the number {value}",
        "列「{column}」：「{example}」读作数值 {value}",
    ),
    "data.note_unit": (
        "column '{column}': values are in {unit}; the number is used as it is written beside it",
        "列「{column}」：值以 {unit} 为单位，按所写的数使用",
    ),
    "data.note_order_dmy": (
        "column '{column}': dates such as {example} could be read in two ways; the day is taken to come first. Write dates as 2024-05-31 to avoid doubt",
        "列「{column}」：像 {example} 这样的日期有两种读法；这里按「日在前」读取。请把日期写成 2024-05-31 的形式以免歧义",
    ),
    "data.note_order_mdy": (
        "column '{column}': dates such as {example} could be read in two ways; the month is taken to come first. Write dates as 2024-05-31 to avoid doubt",
        "列「{column}」：像 {example} 这样的日期有两种读法；这里按「月在前」读取。请把日期写成 2024-05-31 的形式以免歧义",
    ),
    # columns that are left out unless they are named
    "data.note_index": (
        "column '{column}' is left out: it only labels the rows. Name it as a feature to use it",
        "未使用列「{column}」：它只是行的标签。若要使用，请在特征中指定它",
    ),
    "data.note_counts_rows": (
        "column '{column}' is left out: it counts the rows in order. Name it as a feature to use it",
        "未使用列「{column}」：它只是按顺序给各行编号。若要使用，请在特征中指定它",
    ),
    "data.note_long": (
        "column '{column}' is left out: its whole numbers, up to {value}, have more digits than float64 holds, so it is taken for an identifier. Name it as a feature to use it",
        "未使用列「{column}」：其中的整数（最大 {value}）超出 float64 能精确表示的位数，因此视为编号。若要使用，请在特征中指定它",
    ),
    "data.note_constant": (
        "column '{column}' is left out: it is {value} in every row. Name it as a feature to use it without an intercept",
        "未使用列「{column}」：它每一行都是 {value}。若要在无截距时使用，请在特征中指定它",
    ),
    # how columns are to be understood
    "data.note_rare": (
        "column '{column}': {count} of its {categories} categories occur in one row each; each gets a weight of its own",
        "列「{column}」：{categories} 个类别中有 {count} 个只出现在一行里；每个类别都有自己的权重",
    ),
    "data.note_baselines": (
        "weights of categories are differences from the most frequent one: {baselines}",
        "类别的权重是与最常见类别之差：{baselines}",
    ),
    "data.note_dates": (
        "dates count in days: a weight of {columns} is per day",
        "日期以天计：{columns} 的权重是每天的变化",
    ),
    "data.note_times": (
        "times of day count in minutes: a weight of {columns} is per minute",
        "时刻以分钟计：{columns} 的权重是每分钟的变化",
    ),
    "data.note_weightless": (
        "{count} of {rows} rows are left out: their weight is 0",
        "{rows} 行中有 {count} 行的权重为 0，未使用",
    ),
    # the columns themselves
    "data.infinite": (
        "The column '{column}' is {value} in row {row} (the header not counted). Correct it, or leave the cell empty if the value is unknown.",
        "列「{column}」第 {row} 行（不计表头）的值是 {value}。请改正；若数值未知，请让单元格留空。",
    ),
    "data.all_missing": (
        "The feature '{column}' has no values at all. Leave it out.",
        "特征「{column}」没有任何值。请不要使用这一列。",
    ),
    "data.note_all_missing": (
        "column '{column}' is left out: it has no values at all",
        "未使用列「{column}」：它没有任何值",
    ),
    "data.other_column": (
        "The column '{column}' holds neither numbers, text, truth values nor dates. Leave it out, or turn it into one of these by a SQL query.",
        "列「{column}」的内容不是数值、文本、布尔值或日期。请不要使用它，或用 SQL 查询把它转换成其中一种。",
    ),
    "data.note_other_column": (
        "column '{column}' is left out: it holds neither numbers, text, truth values nor dates",
        "未使用列「{column}」：它的内容不是数值、文本、布尔值或日期",
    ),
    "data.many_categories": (
        "The feature '{column}' is text with {categories} distinct values in {rows} rows (such as '{example}'), too many to learn one weight for each. Leave it out, or group its values.",
        "特征「{column}」是文本，{rows} 行中有 {categories} 个不同的值（例如「{example}」），太多了，无法为每个值学习一个权重。请不要使用它，或先把值归类。",
    ),
    "data.note_many_categories": (
        "column '{column}' is left out: text with {categories} distinct values in {rows} rows, such as '{example}'",
        "未使用列「{column}」：它是文本，{rows} 行中有 {categories} 个不同的值，例如「{example}」",
    ),
    "data.constant_column": (
        "The column '{column}' is {value} in every row, so it cannot be told from the intercept. Leave it out, or fit without an intercept.",
        "列「{column}」每一行都是 {value}，无法与截距区分。请不要使用它，或在拟合时去掉截距。",
    ),
    "data.number_expected": (
        "The column '{column}' held numbers at training, and now holds '{example}'. Give numbers; an empty cell stands for an unknown one.",
        "列「{column}」在训练时是数值，现在却有「{example}」。请给出数值；未知的值请留空。",
    ),
    "data.date_expected": (
        "The column '{column}' held dates at training, and now holds '{example}'. Give dates such as 2024-05-31; an empty cell stands for an unknown one.",
        "列「{column}」在训练时是日期，现在却有「{example}」。请给出形如 2024-05-31 的日期；未知的值请留空。",
    ),
    "data.time_expected": (
        "The column '{column}' held times of day at training, and now holds '{example}'. Give times such as 08:30; an empty cell stands for an unknown one.",
        "列「{column}」在训练时是时刻，现在却有「{example}」。请给出形如 08:30 的时刻；未知的值请留空。",
    ),
    "data.text_expected": (
        "The column '{column}' held text at training, and now holds '{example}'. Give the categories as text; an empty cell stands for an unknown one.",
        "列「{column}」在训练时是文本，现在却有「{example}」。请以文本给出类别；未知的值请留空。",
    ),
    "data.note_dropped": (
        "{count} of {rows} rows are dropped: their target ({targets}) is missing",
        "{rows} 行中有 {count} 行因目标值（{targets}）缺失而被舍去",
    ),
    "data.note_missing": (
        "column '{column}': {count} of {rows} values are missing and stand at the training mean",
        "列「{column}」：{rows} 个值中有 {count} 个缺失，以训练数据的均值代替",
    ),
    "data.note_unseen": (
        "column '{column}': {count} values are categories that training did not see (such as '{example}') and stand at the training mean",
        "列「{column}」：有 {count} 个值是训练时没有见过的类别（例如「{example}」），以训练数据的均值代替",
    ),
    # arrays
    "data.not_numbers": (
        "{role} is a {found} that holds something other than real numbers, or rows of different lengths. Give numbers; for tables with text, dates or gaps use Dataset.read.",
        "{role}（{found}）中有不是实数的内容，或各行长度不一。请给出数值；含文本、日期或缺失值的表请用 Dataset.read。",
    ),
    "data.not_two_dimensional": (
        "X has shape {shape}, and rows × features are needed. For a single feature give X.reshape(-1, 1), for a single row X.reshape(1, -1).",
        "X 的形状是 {shape}，而这里需要「行 × 特征」的二维数组。只有一个特征时请用 X.reshape(-1, 1)，只有一行时请用 X.reshape(1, -1)。",
    ),
    "data.empty_array": (
        "X has shape {shape}: no rows, or no features. Give at least one of each.",
        "X 的形状是 {shape}：没有行或没有特征。行与特征都至少要有一个。",
    ),
    "data.lengths_differ": (
        "X has shape {x_shape} and y has shape {y_shape}. y needs one value for each row of X, shape (n,), or k of them, shape (n, k).",
        "X 的形状是 {x_shape}，y 的形状是 {y_shape}。X 的每一行都要有一个 y 值，形状为 (n,)；有 k 个输出时形状为 (n, k)。",
    ),
    "data.feature_count": (
        "{names} feature names are given for {columns} columns of X. Give one name for each column.",
        "X 有 {columns} 列，却给了 {names} 个特征名。请给每一列一个名字。",
    ),
    "data.not_finite": (
        "{place} is {value}. Give finite numbers; to fill in missing values use Dataset.read.",
        "{place} 的值是 {value}。请给出有限的数；若有缺失值需要填补，请用 Dataset.read。",
    ),
    # weights
    "data.weights_kind": (
        "The weights column '{column}' holds '{example}', and weights are numbers of at least 0.",
        "权重列「{column}」里有「{example}」，而权重必须是不小于 0 的数。",
    ),
    "data.weights_shape": (
        "The weights have shape {shape} for {rows} rows. Give one weight for each row, shape ({rows},).",
        "权重的形状是 {shape}，而数据有 {rows} 行。请给每一行一个权重，形状为 ({rows},)。",
    ),
    "data.weight_value": (
        "The weight of row {row} (counted from 1) is {value}. Weights are finite numbers of at least 0.",
        "第 {row} 行（从 1 数起）的权重是 {value}。权重必须是不小于 0 的有限数。",
    ),
    "data.weights_all_zero": (
        "All {rows} weights are 0, so no row counts. Give at least one weight above 0.",
        "{rows} 个权重全是 0，没有任何一行起作用。请至少给出一个大于 0 的权重。",
    ),
    # splits
    "data.rows_asked": (
        "rows {asked} were asked for: give row numbers from 0 to below {rows}, a mask or a slice.",
        "请求的行为 {asked}：请给出 0 到 {rows}（不含）的行号、掩码或切片。",
    ),
    "data.split_fraction": (
        "The share of rows to hold out is {fraction}. Give a number between 0 and 1, such as 0.2.",
        "留出的比例是 {fraction}。请给出 0 与 1 之间的数，例如 0.2。",
    ),
    "data.split_too_small": (
        "Holding out {fraction} of {rows} rows leaves too few. At least 1 row must be held out and at least 2 left to train on.",
        "从 {rows} 行中留出 {fraction} 的比例，剩下的行太少。至少要留出 1 行，并剩下 2 行用于训练。",
    ),
}
