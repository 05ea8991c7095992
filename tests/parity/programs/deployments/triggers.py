from headrace import flow
from headrace.events import DeploymentEventTrigger


@flow
def main():
    pass


d = main.to_deployment("t", triggers=[DeploymentEventTrigger(expect={"a.b"}, parameters={"x": 1})])
print(len(d.triggers), d.triggers[0].expect, d.entrypoint is not None)
