from headrace import flow, get_run_logger, task


@task(name="naïve 任务", tags=["été"], task_run_name="ün-{text}")
def work(text):
    get_run_logger().info("schöne Grüße %s 🎉", text)
    return text * 2


@flow(name="flöw", flow_run_name="läuft")
def main(text):
    from headrace.runtime import flow_run

    print(flow_run.name, flow_run.flow_name)
    return work(text), len(work("x" * 10000))


print(main("é😀"))
print(work.name, sorted(work.tags))
