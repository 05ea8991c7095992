from headrace.blocks.core import Block
from pydantic import SecretStr


class ParityLogin(Block):
    user: str
    password: SecretStr

    def greeting(self):
        return f"hi {self.user}"


ParityLogin(user="ann", password="pw").save("parity-login", overwrite=True)
login = ParityLogin.load("parity-login")
print(login.user, login.password, login.password.get_secret_value(), login.greeting())
