"""Changes of one Pi-hole's configuration: the switch {"drift": {"lists": "disable-first"}}.

disable-first, delete-first and comment-first are for lists, groups, domains and clients; renumber
is for groups and gives them other ids, which is no difference; collect is for lists and makes it
5,000 more, 1.5 MB. For dns there are add-host, and
mode-NX for its blocking mode.
"""


def first(body, component, change):
    items = body[component]
    if not items:
        return
    if change == "delete-first":
        items.pop(0)
    elif change == "disable-first":
        items[0]["enabled"] = False
    elif change == "comment-first":
        items[0]["comment"] = "changed here"
    elif change == "collect":
        items.extend({**items[0], "address": f"https://lists.example/{i}"} for i in range(5000))


def renumber(body, component):
    """Groups but the default one were deleted and made again."""
    for item in body[component]:
        if component == "groups" and item["id"]:
            item["id"] += 7
        elif component != "groups":
            item["groups"] = [group + 7 if group else 0 for group in item["groups"]]
            item["id"] += 100
        item["date_modified"] += 1000
    body[component].reverse()


def changed(path, body, changes):
    """The body of `path` with the changes made; the same object."""
    component = path.rsplit("/", 1)[1]
    if "error" in body:
        return body
    if component in ("lists", "groups", "domains", "clients"):
        if changes.get("groups") == "renumber":
            renumber(body, component)
        elif component in changes:
            first(body, component, changes[component])
    dns = body.get("config", {}).get("dns", {})
    if changes.get("dns") == "add-host" and "hosts" in dns:
        dns["hosts"].append("192.0.2.199 new.lan")
    if changes.get("dns") == "mode-NX" and "mode" in dns.get("blocking", {}):
        dns["blocking"]["mode"] = "NX"
    return body
