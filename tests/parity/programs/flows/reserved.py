from headrace import flow

try:

    @flow
    def f(return_state):
        pass

except Exception as exc:
    print(type(exc).__name__, exc)

try:

    @flow
    def g(wait_for):
        pass

    print("wait_for accepted")
except Exception as exc:
    print(type(exc).__name__, exc)
