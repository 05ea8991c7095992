from headrace import flow

try:

    @flow(flow_run_name=3)
    def f():
        pass

except TypeError as exc:
    print(exc)


@flow(flow_run_name=lambda: 5)
def g():
    return 1


try:
    g()
except TypeError as exc:
    print(str(exc).split("returned")[1])
