"""The restore drill: restores a backup somewhere else, examines it, loads its pages, and removes everything again.

scratch     the folder and the database for one drill
drill       the steps, each in a process isolated from this installation (see smsadmin.isolated_commands)
look        `python -m smsadmin.drilling.look`: what the restored database contains, and whether pages load
"""
