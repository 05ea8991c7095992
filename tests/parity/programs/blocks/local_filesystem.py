import os

from headrace.filesystems import LocalFileSystem

block = LocalFileSystem(basepath=os.getcwd())
block.save("parity-local", overwrite=True)
loaded = LocalFileSystem.load("parity-local")
loaded.write_path("x.txt", b"data")
print(open("x.txt").read(), loaded.read_path("x.txt"))
