from datetime import timedelta

from headrace import flow
from headrace.schedules import CronSchedule, IntervalSchedule


@flow(log_prints=True)
def daily_report():
    print("Generating daily report...")


if __name__ == "__main__":
    daily_report.serve(
        name="daily-report",
        cron="0 8 * * *",
        timezone="America/New_York",
    )
