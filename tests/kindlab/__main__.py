"""Real nodes on the command line: `python -m kindlab up`, and what goes with it."""

import os

import typer

from kindlab import application, cluster, engine, kube, operating, swarm, workloads
from kindlab.places import KUBECONFIG, STATE
from lab.errors import run
from lab.locking import exclusive
from lab.report import say, step

app = typer.Typer(add_completion=False, no_args_is_help=True, help="A kind cluster and a Swarm on this machine.")
_PASS_ON = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}


@app.command()
def up() -> None:
    """Start Docker Engine where it does not run, and the cluster with its ingress controller."""
    with exclusive(STATE / "up.lock", lambda: say("another 'up' is at work: waiting")), step(say, "kind up"):
        cluster.up(say)
    print(f"export KUBECONFIG={KUBECONFIG}")
    print(f"ingress: http://127.0.0.1:{kube.host_port(80)} https://127.0.0.1:{kube.host_port(443)}")


@app.command("application")
def command_application() -> None:
    """Start the cluster, the operator in it, and the example application, and ask that through its edge."""
    with exclusive(STATE / "up.lock", lambda: say("another 'up' is at work: waiting")):
        application.up(say)


@app.command()
def status() -> None:
    """Say what of it is running."""
    application.status()


@app.command()
def logs() -> None:
    """Follow the operator's log."""
    command = kube.command("logs", "--follow", "--tail=200", "-n", operating.NAMESPACE, operating.NAME)
    os.execv(command[0], command)


@app.command()
def down() -> None:
    """Delete the cluster, leave the Swarm, and stop Docker Engine if it was started here."""
    swarm.down(say)
    cluster.down(say)
    engine.down(say)


@app.command("operator")
def command_operator() -> None:
    """Build the operator's image and install it in the cluster."""
    operating.install(say)


@app.command("swarm")
def command_swarm() -> None:
    """Make the engine a Swarm of one node, and the images of the tests for it."""
    swarm.up(say)
    for image in workloads.ensure(say).all():
        print(image)


@app.command("images")
def command_images() -> None:
    """Make the images of the tests and bring them to the cluster's nodes."""
    made = workloads.ensure(say).all()
    kube.load(*made)
    print(*made, sep="\n")


@app.command("kubectl", context_settings=_PASS_ON)
def command_kubectl(context: typer.Context) -> None:
    """Run kubectl as the administrator of the cluster."""
    command = kube.command(*context.args)
    os.execv(command[0], command)


run(app)
