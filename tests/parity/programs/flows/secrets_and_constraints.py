from typing import Annotated

from pydantic import BaseModel, Field, PositiveInt, SecretStr, field_validator

from headrace import flow


class Account(BaseModel):
    name: str = Field(min_length=2, max_length=5)
    password: SecretStr
    age: PositiveInt = 1

    @field_validator("name")
    @classmethod
    def lower(cls, value):
        return value.lower()


@flow
def main(account: Account, limit: Annotated[int, Field(ge=0, le=10)], ratio: Annotated[float, Field(gt=0)] = 0.5):
    return account.name, str(account.password), account.password.get_secret_value(), limit, ratio


print(main({"name": "ABC", "password": "p"}, 3))
print(main(Account(name="XY", password="q"), "10", "0.25"))
for bad in (({"name": "A", "password": "p"}, 1), ({"name": "AB", "password": "p"}, 11), ({"name": "AB", "password": "p", "age": 0}, 1), ({"name": "AB"}, 1)):
    try:
        main(*bad)
        print("accepted")
    except Exception as error:
        print(type(error).__name__)
