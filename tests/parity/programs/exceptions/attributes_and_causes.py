import pickle

from headrace import flow, task


class Refused(Exception):
    def __init__(self, code, reason):
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason

    def __reduce__(self):
        return (type(self), (self.code, self.reason))


@task
def call(code):
    try:
        {}["missing"]
    except KeyError as error:
        raise Refused(code, "no key") from error


@flow
def main():
    for run in (lambda: call(1), lambda: call.submit(2).result(), lambda: call(3, return_state=True).result()):
        try:
            run()
        except Refused as error:
            print(error.code, error.reason, error, repr(error.__cause__), error.__suppress_context__)
    state = call(4, return_state=True)
    print(state.message)
    kept = state.result(raise_on_failure=False)
    print(kept.code, pickle.loads(pickle.dumps(kept)).reason)
    raise Refused(5, "flow") from None


try:
    main()
except Refused as error:
    print(error, error.__cause__, error.__suppress_context__)
