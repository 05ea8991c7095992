import threading
from contextvars import copy_context

from headrace import flow, task
from headrace.context import FlowRunContext
from headrace.runtime import flow_run


@flow
def main():
    seen = []

    def plain():
        seen.append(FlowRunContext.get())

    def with_context():
        seen.append(flow_run.flow_name)

    thread = threading.Thread(target=plain)
    thread.start()
    thread.join()
    context = copy_context()
    thread = threading.Thread(target=lambda: context.run(with_context))
    thread.start()
    thread.join()
    print(seen)


main()
