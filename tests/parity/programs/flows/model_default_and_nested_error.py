from headrace import flow
from pydantic import BaseModel, Field, field_validator


class Order(BaseModel):
    item: str
    count: int = Field(gt=0)

    @field_validator("item")
    @classmethod
    def not_empty(cls, value):
        if not value:
            raise ValueError("item must not be empty")
        return value


@flow
def buy(orders: list[Order], note: str = "n"):
    return [o.count for o in orders]


print(buy([{"item": "a", "count": 1}]))
try:
    buy([{"item": "", "count": 0}, {"item": "b"}])
except Exception as exc:
    print(exc)
