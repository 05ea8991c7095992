from headrace import flow
from pydantic import BaseModel, Field


class Config(BaseModel):
    names: list[str] = Field(default_factory=list)
    limit: int = 10


@flow
def main(config: Config = Config(), verbose: bool = False):
    return config.names, config.limit, verbose


print(main(), main(Config(limit=1)), main({"names": ["a"], "limit": "7"}, verbose="1"))
