from datetime import timedelta

from headrace import flow


@flow(log_prints=True)
def daily_report():
    print("Generating daily report...")


if __name__ == "__main__":
    daily_report.serve(name="every-second", interval=timedelta(seconds=1))
