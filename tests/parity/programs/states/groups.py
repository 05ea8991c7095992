from headrace.states import Completed, Failed, Running, StateGroup

group = StateGroup([Completed(), Completed(), Failed(), Running()])
print(group.total_count, group.all_completed(), group.any_failed(), group.any_cancelled(), group.all_final())
print(group.fail_count, group.not_final_count, group.any_paused())
print(group.counts_message())
