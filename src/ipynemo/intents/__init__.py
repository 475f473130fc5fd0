"""What the user says, and what the backend says, brought together.

`route` tells an order such as "send me the video" from a message for the agent; `translate` turns the agent's talk of
buttons and panels into what can be done here.
"""

from ipynemo.intents.moments import Look, look_of
from ipynemo.intents.routing import Intent, route
from ipynemo.intents.translation import Action, Translation, translate

__all__ = ["Action", "Intent", "Look", "Translation", "look_of", "route", "translate"]
