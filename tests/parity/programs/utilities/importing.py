import sys
from pathlib import Path

from headrace.exceptions import ScriptError
from headrace.types.entrypoint import EntrypointType
from headrace.utilities.importtools import from_qualified_name, import_object, lazy_import, load_module, load_script_as_module, to_qualified_name

print(to_qualified_name(Path), from_qualified_name("json.dumps").__name__, from_qualified_name("os.path").__name__)
Path("helper.py").write_text("value = 3\nclass Box:\n    size = 4\n")
Path("wrong.py").write_text("raise KeyError('x')\n")
print(import_object("helper.py:value"), import_object("helper:Box.size"), import_object("json.loads").__name__)
print(load_script_as_module("helper.py").value, load_module("json").__name__)
for bad in (
    lambda: from_qualified_name("json.nope"),
    lambda: from_qualified_name("nomodulehere"),
    lambda: import_object("justaname"),
    lambda: import_object("helper:nope"),
    lambda: load_script_as_module("helper.txt"),
    lambda: load_script_as_module("wrong.py"),
    lambda: lazy_import("nomodulehere", error_on_import=True, help_message="install it"),
    lambda: lazy_import("nomodulehere", help_message="install it").something,
):
    try:
        print(bad())
    except Exception as error:
        print(type(error).__name__, error, isinstance(error, ScriptError))
print(lazy_import("wave").__name__, lazy_import("json") is sys.modules["json"])
print([kind.value for kind in EntrypointType])
