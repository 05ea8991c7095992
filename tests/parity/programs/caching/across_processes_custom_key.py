import subprocess
import sys
from pathlib import Path

Path("job.py").write_text("""
import sys
from headrace import flow, task
from headrace.tasks import task_input_hash

@task(cache_key_fn=task_input_hash, persist_result=True, result_storage_key="kept-{parameters[n]}")
def slow(n):
    print("computing")
    return [n] * 2

@flow
def main(n):
    print(slow(n, return_state=True).name, slow(n))

main(int(sys.argv[1]))
""")

for n in ("1", "1", "2"):
    done = subprocess.run([sys.executable, "job.py", n], capture_output=True, text=True)
    print(done.returncode, done.stdout.split("\n"))
