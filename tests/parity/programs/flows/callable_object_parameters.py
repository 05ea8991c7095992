from headrace import flow, task


class Client:
    def ping(self):
        return "pong"


@task
def use(client):
    return client.ping()


@flow
def main(client: Client, fn=len):
    print(use(client), fn("abc"))


main(Client())
try:
    main(5)
except Exception as exc:
    print(exc)
