import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * The load of jvm.sh: a service that fills a cache in pieces of several sizes, looks up and replaces entries, empties most of it and goes
 * on with the rest, again and again: Cache MIB SECONDS ROUNDS.
 */
public class Cache {
    /** Sizes of entries, in bytes: mean 5120. */
    private static final int[] SIZES = {512, 1024, 2048, 16896};
    private static final int MEAN = 5120;

    private static byte[] entry(Random random) {
        byte[] bytes = new byte[SIZES[random.nextInt(SIZES.length)]];
        for (int i = 0; i < bytes.length; i++) bytes[i] = (byte) i;
        return bytes;
    }

    /** Looks up and replaces entries, those with low numbers more often, until the time is over. */
    private static long use(List<byte[]> cache, Random random, long ms) throws InterruptedException {
        long sum = 0;
        for (long end = System.currentTimeMillis() + ms; System.currentTimeMillis() < end; Thread.sleep(50))
            for (int i = 0; i < 100; i++) {
                double x = random.nextDouble();
                int at = (int) (cache.size() * x * x);
                if (i % 10 == 0) cache.set(at, entry(random));
                sum += cache.get(at)[0];
            }
        return sum;
    }

    public static void main(String[] args) throws InterruptedException {
        int mib = Integer.parseInt(args[0]);
        long ms = Integer.parseInt(args[1]) * 1000L;
        Random random = new Random(1);
        List<byte[]> cache = new ArrayList<>();
        long sum = 0;
        for (int round = 0; round < Integer.parseInt(args[2]); round++) {
            while (cache.size() < (mib << 10) / (MEAN >> 10)) cache.add(entry(random));
            sum += use(cache, random, ms);
            cache.subList(cache.size() / 8, cache.size()).clear();
            System.gc();
            sum += use(cache, random, ms);
        }
        System.out.println(sum);
    }
}
