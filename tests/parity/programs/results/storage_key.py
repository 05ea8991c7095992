import os

from headrace import flow, task
from headrace.filesystems import LocalFileSystem


@task(persist_result=True, result_storage_key="my-{parameters[x]}.pkl")
def work(x):
    return x


storage = LocalFileSystem(basepath=os.path.abspath("store"))


@flow(result_storage=None)
def main():
    work.with_options(result_storage=storage)(7)
    work.with_options(result_storage=storage)(8)


try:
    storage.save("parity-store", overwrite=True)
    main()
    print(sorted(os.listdir("store")))
except Exception as exc:
    print(type(exc).__name__, exc)
