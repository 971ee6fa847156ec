#ifndef EVSE_AGENT_CLINUX_H
#define EVSE_AGENT_CLINUX_H

#endif
