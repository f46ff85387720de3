"""How much one round of what stands beside the polls takes on, so that polls keep their places."""

from __future__ import annotations

SITES_A_TIME = 60  # of those that are asked once a day what machines may do
PICTURES_A_TIME, PICTURES_OF_A_PUBLISHER = 40, 5  # so that nobody waits for one slow site's
PAGES_A_TIME, PAGES_OF_A_PUBLISHER = 20, 3  # of fewer pages it cannot be told whether a site answers so to all
