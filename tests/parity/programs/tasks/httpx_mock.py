import httpx
from headrace import flow, task


@task(retries=2)
def get(client, path):
    response = client.get(path)
    response.raise_for_status()
    return response.json()


@flow
def main():
    calls = []

    def handler(request):
        calls.append(request.url.path)
        return httpx.Response(500 if len(calls) == 1 else 200, json={"path": request.url.path})

    client = httpx.Client(transport=httpx.MockTransport(handler), base_url="http://x")
    print(get(client, "/a"), len(calls))
    state = get(httpx.Client(transport=httpx.MockTransport(lambda r: httpx.Response(404)), base_url="http://x"), "/b", return_state=True)
    print(state.name, type(state.result(raise_on_failure=False)).__name__)


main()
