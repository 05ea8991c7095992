from unittest import mock

from headrace import flow, task


def fetch_impl(url):
    raise RuntimeError("no network")


@task(name="fetch")
def fetch(url):
    return fetch_impl(url)


@flow
def main(url):
    return len(fetch(url))


with mock.patch("__main__.fetch_impl", return_value="body") as patched:
    print(main("http://x"), patched.call_args)
with mock.patch.object(fetch, "fn", lambda url: "other body"):
    print(main("http://x"))
print(main("http://x", return_state=True).name)
