import os

from headrace.filesystems import LocalFileSystem

fs = LocalFileSystem(basepath=os.getcwd())
fs.write_path("folder/a.txt", b"hello")
print(fs.read_path("folder/a.txt"), os.path.exists("folder/a.txt"))
try:
    fs.read_path("missing.txt")
except Exception as exc:
    print(type(exc).__name__)
try:
    fs.read_path("/etc/hostname")
except ValueError as exc:
    print("ValueError", "outside" in str(exc))
print(fs.basepath == os.getcwd(), fs.get_block_type_slug())
