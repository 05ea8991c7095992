from headrace import flow


@flow
def f(a, b=1, *args, c, **kwargs):
    print(a, b, args, c, kwargs)


f(1, c=2)
f(1, 2, 3, 4, c=5, d=6)
for call in (lambda: f(), lambda: f(1), lambda: f(c=1)):
    try:
        call()
    except Exception as exc:
        print(type(exc).__name__, exc)
