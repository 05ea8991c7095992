import io
import contextlib

from headrace import flow, task


@flow(log_prints=True)
def logged():
    print("to the log")
    print("kept", file=buffer)
    with contextlib.redirect_stdout(other):
        print("where?")


@flow(log_prints=False)
def plain():
    print("a", "b", sep="-", end="!\n")
    print()
    print(1, None, [2])


buffer, other = io.StringIO(), io.StringIO()
logged()
plain()
print(repr(buffer.getvalue()))
