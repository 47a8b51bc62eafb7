/* What a restore leaves in the data folder until it is whole. */
#ifndef NESTBOX_MAIN_RESTORE_H
#define NESTBOX_MAIN_RESTORE_H

#define RESTORE_MARK "restoring"

#endif
