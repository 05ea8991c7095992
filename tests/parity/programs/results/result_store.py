import os

from headrace.filesystems import LocalFileSystem
from headrace.results import ResultStore

store = ResultStore(result_storage=LocalFileSystem(basepath=os.getcwd()))
store.write(key="one", obj={"a": 1})
print(store.exists("one"), store.exists("two"), store.read("one").result)
print(type(store.read("one")).__name__)
print(store.update_for_task is not None, store.create_result_record({"x": 2}, key="k").result)
