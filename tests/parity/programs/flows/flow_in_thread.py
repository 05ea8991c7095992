import threading

from headrace import flow


@flow
def main(n):
    return n * 2


results = []
threads = [threading.Thread(target=lambda n=n: results.append(main(n))) for n in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(sorted(results))
