"""What really was in the WAL and in the table, asked of servers dead and alive."""
import json
import re
import subprocess
import urllib.request

import real_servers

RECORD = re.compile(r"len \(rec/tot\): +\d+/ +(\d+), tx: +\d+, lsn: ([0-9A-F]+/[0-9A-F]+)")


def bytes_of(position):
    high, low = position.split("/")
    return (int(high, 16) << 32) + int(low, 16)


def writes_at(lab, member):
    """The timeline that the primary writes and its position, as text."""
    timeline, position = lab.ask(member, "select substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8),"
                                         " pg_current_wal_lsn()::text")
    return int(timeline, 16), position


def written_end(lab, member, timeline, since):
    """Where the last valid record ends in the files of a dead member."""
    # It ends with an error, for the next record is none.
    said = subprocess.run([lab.postgres_bin() + "/pg_waldump", "-p",
                           f"{lab.directory}/{member}/data/pg_wal", "-t", str(timeline),
                           "-s", since], check=False, capture_output=True, text=True)
    length, position = RECORD.findall(said.stdout)[-1]
    return bytes_of(position) + -(-int(length) // 8) * 8


def switched_at(lab, survivor, timeline):
    """Where the timeline ended, once Patroni's history says so."""
    url = lab[survivor.upper() + "_PATRONI_URL"] + "/history"

    def ended():
        with urllib.request.urlopen(url, timeout=5) as answer:
            return [line[1] for line in json.load(answer) if line[0] == timeline]
    return real_servers.wait(40, f"the history of {survivor} tells of timeline {timeline}", ended)[-1]


def present(lab, member, since):
    """The numbers of the rows that the member has, from `since` on."""
    rows = lab.ask(member, f"select coalesce(array_agg(n), '{{}}') from app.rows where n >= {since}",
                   lab["APP_DATABASE"])
    return set(rows[0])
