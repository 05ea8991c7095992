from headrace import flow
from headrace.schedules import Cron


@flow(name="parity2-invalid")
def main():
    pass


for make in (
    lambda: main.to_deployment("a", cron="0 0 * * *", interval=60),
    lambda: main.to_deployment("a", cron="not a cron"),
    lambda: main.to_deployment("a", rrule="nope"),
    lambda: main.to_deployment("a/b"),
    lambda: main.to_deployment("a", schedule=Cron("0 0 * * *"), schedules=[Cron("0 0 * * *")]),
    lambda: main.to_deployment("ok", interval=3600),
):
    try:
        print(type(make()).__name__)
    except Exception as error:
        print(type(error).__name__ == "InvalidNameError", isinstance(error, ValueError))
