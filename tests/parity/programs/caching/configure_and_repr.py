from headrace.cache_policies import DEFAULT, INPUTS, NO_CACHE, RUN_ID, TASK_SOURCE, CachePolicy, CacheKeyFnPolicy

policy = INPUTS + TASK_SOURCE
print(type(policy).__name__, [type(p).__name__ for p in policy.policies])
less = INPUTS - "a"
print(type(less).__name__, less.exclude)
print((INPUTS + NO_CACHE) == INPUTS, type(NO_CACHE + INPUTS).__name__)
print(type(DEFAULT).__name__, sorted(type(p).__name__ for p in DEFAULT.policies))
configured = RUN_ID.configure(isolation_level="SERIALIZABLE")
print(type(configured).__name__, configured.isolation_level)


def key(context, parameters):
    return "k"


built = CachePolicy.from_cache_key_fn(key)
print(type(built).__name__, isinstance(built, CacheKeyFnPolicy))
print(built.compute_key(None, {}, {}))
