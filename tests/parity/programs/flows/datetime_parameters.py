from datetime import datetime, timedelta, timezone

from headrace import flow


@flow
def main(start: datetime, window: timedelta = timedelta(days=1)):
    return start + window


print(main(datetime(2024, 1, 1, tzinfo=timezone.utc)))
print(main("2024-02-28T00:00:00+00:00", window=3600))
try:
    main("soon")
except Exception as exc:
    print(exc)
