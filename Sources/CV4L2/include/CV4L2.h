// Video4Linux: its header, the requests that are macros of it, and the call, which is variadic.
#pragma once

#include <linux/videodev2.h>
#include <sys/ioctl.h>

static const unsigned long texalloc_querycap = VIDIOC_QUERYCAP;
static const unsigned long texalloc_enum_fmt = VIDIOC_ENUM_FMT;
static const unsigned long texalloc_g_fmt = VIDIOC_G_FMT;
static const unsigned long texalloc_s_fmt = VIDIOC_S_FMT;
static const unsigned long texalloc_try_fmt = VIDIOC_TRY_FMT;
static const unsigned long texalloc_g_ctrl = VIDIOC_G_CTRL;
static const unsigned long texalloc_s_ctrl = VIDIOC_S_CTRL;
static const unsigned long texalloc_queryctrl = VIDIOC_QUERYCTRL;
static const unsigned long texalloc_reqbufs = VIDIOC_REQBUFS;
static const unsigned long texalloc_querybuf = VIDIOC_QUERYBUF;
static const unsigned long texalloc_expbuf = VIDIOC_EXPBUF;
static const unsigned long texalloc_qbuf = VIDIOC_QBUF;
static const unsigned long texalloc_dqbuf = VIDIOC_DQBUF;
static const unsigned long texalloc_streamon = VIDIOC_STREAMON;
static const unsigned long texalloc_streamoff = VIDIOC_STREAMOFF;
static const unsigned long texalloc_enum_framesizes = VIDIOC_ENUM_FRAMESIZES;
static const unsigned long texalloc_g_selection = VIDIOC_G_SELECTION;
static const unsigned long texalloc_s_selection = VIDIOC_S_SELECTION;
static const unsigned long texalloc_subscribe_event = VIDIOC_SUBSCRIBE_EVENT;
static const unsigned long texalloc_dqevent = VIDIOC_DQEVENT;
static const unsigned long texalloc_decoder_cmd = VIDIOC_DECODER_CMD;
static const unsigned texalloc_min_capture_buffers = V4L2_CID_MIN_BUFFERS_FOR_CAPTURE;

/// ioctl(2).
static inline int texalloc_video_ioctl(int descriptor, unsigned long request, void *argument) {
  return ioctl(descriptor, request, argument);
}
