from headrace import flow
from pydantic import BaseModel


class Address(BaseModel):
    city: str
    zip: int = 1000


class Person(BaseModel):
    name: str
    age: int
    address: Address | None = None


@flow
def greet(person: Person, others: list[Person] = []):
    print(type(person).__name__, person.name, person.age, person.address)
    print(len(others), [type(o).__name__ for o in others])


greet({"name": "ann", "age": "30"})
greet(Person(name="bob", age=4, address={"city": "X"}), others=[{"name": "c", "age": 1}])
try:
    greet({"name": "ann", "age": "old"})
except Exception as exc:
    print(type(exc).__name__)
    print(str(exc).splitlines()[0])
