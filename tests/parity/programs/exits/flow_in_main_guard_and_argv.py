import subprocess
import sys
from pathlib import Path

Path("job.py").write_text("""
import sys
from headrace import flow, task

@task
def risky(n):
    if n > 2:
        raise SystemExit(n)
    return n

@flow
def main(n: int):
    return risky(n)

if __name__ == "__main__":
    print(main(sys.argv[1]))
""")
for n in ("1", "3", "x"):
    done = subprocess.run([sys.executable, "job.py", n], capture_output=True, text=True)
    print(done.returncode, done.stdout.strip())
