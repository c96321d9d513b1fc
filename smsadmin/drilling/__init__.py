"""The restore drill: a backup is restored somewhere else, examined, looked at, and removed again.

scratch     the folder and the database that exist for one drill alone
drill       the steps, each in a process that knows nothing of this installation (see smsadmin.isolated_commands)
look        `python -m smsadmin.drilling.look`: what the restored database holds, and whether pages can be shown
"""
