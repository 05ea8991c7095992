from typing import Optional

from pydantic import Field, SecretStr

from headrace import flow, task
from headrace.blocks.core import Block


class Parity2Login(Block):
    """A login."""

    user: str
    password: SecretStr = Field(description="The password")
    host: Optional[str] = None
    options: dict = {}

    def url(self):
        return f"{self.user}:{self.password.get_secret_value()}@{self.host}"


@task
def use(login):
    return login.url()


@flow
def main(login: Parity2Login):
    return use(login)


Parity2Login(user="u", password="p", host="h", options={"a": [1]}).save("parity2-login", overwrite=True)
login = Parity2Login.load("parity2-login")
print(login.user, login.password, login.options, login.url())
print(main(login))
print(Parity2Login.get_block_type_slug(), sorted(Parity2Login.get_block_schema_fields()["properties"]) if hasattr(Parity2Login, "get_block_schema_fields") else "")
Parity2Login.delete("parity2-login")
try:
    Parity2Login.load("parity2-login")
except ValueError as error:
    print(type(error).__name__)
