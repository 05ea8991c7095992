from headrace import flow, task
from headrace.cache_policies import CachePolicy, CompoundCachePolicy, DEFAULT, INPUTS, TASK_SOURCE, RUN_ID

policy = CachePolicy.from_cache_key_fn(lambda ctx, params: "k")
print(type(policy).__name__, policy.compute_key(None, {}, {}))
print(type(INPUTS + TASK_SOURCE).__name__, type(INPUTS - "a").__name__, (INPUTS - "a").exclude)
print(type(DEFAULT).__name__, [type(p).__name__ for p in DEFAULT.policies])
print(INPUTS == INPUTS, (INPUTS + RUN_ID) == (INPUTS + RUN_ID), isinstance(DEFAULT, CompoundCachePolicy))
configured = INPUTS.configure(isolation_level="SERIALIZABLE")
print(configured.isolation_level, INPUTS.isolation_level)
