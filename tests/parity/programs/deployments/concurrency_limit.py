from headrace import flow
from headrace.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy


@flow
def main():
    pass


d = main.to_deployment("a", concurrency_limit=3)
print(d.concurrency_limit)
config = ConcurrencyLimitConfig(limit=2, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW)
print(config.limit, config.collision_strategy.value)
d = main.to_deployment("b", concurrency_limit=config, enforce_parameter_schema=False)
print(d.concurrency_limit, d.enforce_parameter_schema)
