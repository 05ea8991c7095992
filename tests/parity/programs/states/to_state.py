from headrace.states import Completed, Scheduled
from datetime import datetime, timezone

when = datetime(2030, 1, 2, tzinfo=timezone.utc)
state = Scheduled(scheduled_time=when, message="later")
print(state.name, state.type.value, state.state_details.scheduled_time.year, state.message)
print(Completed(name="A").is_completed(), Completed.__name__)
