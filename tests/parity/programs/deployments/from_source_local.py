from pathlib import Path

from headrace import flow

Path("flows").mkdir()
Path("flows/job.py").write_text(
    "from headrace import flow, task\n\n@task\ndef one(n):\n    return n + 1\n\n@flow(name='loaded', log_prints=False)\ndef job(n: int = 1):\n    print('in job', n)\n    return one(n)\n"
)
loaded = flow.from_source(source=str(Path("flows").resolve()), entrypoint="job.py:job")
print(loaded.name, loaded(n="4"))
try:
    flow.from_source(source=str(Path("flows").resolve()), entrypoint="job.py:missing")
except Exception as error:
    print(type(error).__name__)
