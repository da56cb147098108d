"""``server audit`` shows the centre's own audit by several conditions, newest first."""

import argparse

from domain.audit.chain import AuditReader
from domain.kernel.readers import Follower
from server.audit_commands import add_to, look
from server.settings import Settings
from server.storage_key import open_store


def shown(home, capsys, *given):
    parser = argparse.ArgumentParser()
    subcommands = parser.add_subparsers()

    def command(made, name, work, text):
        one = made.add_parser(name, help=text)
        one.set_defaults(work=work)
        return one

    add_to(subcommands, command)
    options = parser.parse_args(["audit", *given])
    assert options.work is look
    assert look(Settings(data_dir=home, least_free_bytes=0), options) == 0
    return capsys.readouterr().out.splitlines()


def test_the_centres_audit_is_looked_through_at_the_console(home, capsys):
    store = open_store(Settings(data_dir=home, least_free_bytes=0))
    Follower(store, AuditReader()).catch_up()
    store.close()
    everything = shown(home, capsys)
    numbers = [int(line.split()[0]) for line in everything[:-1]]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) > 3
    made = shown(home, capsys, "--command", "新建账号", "--outcome", "done", "--limit", "2")
    assert all("新建账号" in line and "已完成" in line for line in made[:-1])
    assert made[-1] == f"共 {len(made) - 1} 行（最新在前）。"
    assert shown(home, capsys, "--until", "2020-01-01") == ["共 0 行（最新在前）。"]
